"""Films in from a hospital's archive, results out to the same study: C-STORE and DICOMweb, over a queue on disk."""
