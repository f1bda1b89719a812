"""Networks that others published: fetched on request, converted once, read through the same door as our own."""
