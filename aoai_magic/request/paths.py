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
#: What Azure's v1 API has as a preview, and wants to be told so: sound
#: (learn.microsoft.com, "Azure OpenAI in Microsoft Foundry Models v1 preview").
PREVIEWS = frozenset(("speech", "transcriptions", "translations"))
