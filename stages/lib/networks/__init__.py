"""One module a network, and the registry that names them."""
