"""The commands of `%aoai`, in rooms by what they are about; `command` says what one is."""
