"""Where each operation is asked for."""

#: The last part of an operation's address, behind that of the API, and in the classic API behind the deployment's.
PATHS = {
    "chat": "chat/completions",
    "completions": "completions",
    "responses": "responses",
    "embeddings": "embeddings",
    "images": "images/generations",
    "image_edits": "images/edits",
    "speech": "audio/speech",
    "transcriptions": "audio/transcriptions",
    "translations": "audio/translations",
}
