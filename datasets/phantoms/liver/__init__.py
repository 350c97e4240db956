"""The liver phantom: axial T2-like MR at the caudate lobe, of healthy and of cirrhotic livers."""
