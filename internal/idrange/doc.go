// Package idrange chooses ranges of the host's user and group ids for containers, and reads who else
// has some. It is pure.
//
// A range has 65,536 ids and starts at a multiple of that, as systemd's UIDS-GIDS.md advises: the
// upper 16 bits of an id say whose it is, the lower 16 are the id inside.
package idrange
