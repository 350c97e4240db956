"""The bone age phantom: radiographs of growing hands, with their age in months."""
