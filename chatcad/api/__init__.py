"""The API beside the page: the same pipeline and the same JSON shapes, for other programs (``docs/server.md``)."""
