"""What all tests share: the browser's come last."""


def pytest_collection_modifyitems(items):
    # Playwright's synchronous driver keeps an event loop running in this thread for the rest of the session, and
    # asyncio.run refuses to start beside it.
    items.sort(key=lambda item: item.get_closest_marker("browser") is not None)
