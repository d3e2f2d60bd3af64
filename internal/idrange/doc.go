// Package idrange chooses ranges of the host's user and group ids for containers. It also reads the
// host's tables of ids that are taken. It is pure.
//
// A range has 65,536 ids and starts at a multiple of that, as systemd's UIDS-GIDS.md advises. So the
// upper 16 bits of an id tell the container, and the lower 16 are the id inside.
package idrange
