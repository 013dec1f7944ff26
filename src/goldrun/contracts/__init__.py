"""What every table promises: columns, key, grain, units, null policy and rules."""
