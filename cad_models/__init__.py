"""The CAD networks: one door (``registry``), shared preprocessing, and one module per network."""
