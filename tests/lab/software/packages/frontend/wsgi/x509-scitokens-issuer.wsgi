# Stand-in: the token issuer is not part of the laboratory.
