"""The fracture phantom: radiographs of the distal forearm in several views, whole or broken."""
