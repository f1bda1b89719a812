"""One readable script per network: reads the manifests of a data folder, writes weights, figures and cards."""
