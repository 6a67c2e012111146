"""The comparison of Blau with what else there is, on the fake BlueZ: what bench/run is made of."""
