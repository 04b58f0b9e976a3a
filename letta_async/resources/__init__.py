"""The API's resources, one file each: a method a call, each a line over the transport."""
