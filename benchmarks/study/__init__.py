"""Reader studies: the sealed study, its protocol, and what readers and the model said; see `protocol` and `folder`."""
