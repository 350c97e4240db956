"""The YAML files that come with the package: `task_*.yaml` and `detector_*.yaml`."""
