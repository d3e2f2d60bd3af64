package service

import "errors"

// EntryWire is the first version of the supervisors' protocol with a way in: commands, consoles for clients, and
// requests of init.
const EntryWire = 3

// ErrOldSupervisor says that the supervisor of a container does not have EntryWire yet.
var ErrOldSupervisor = errors.New("an older release of Berth started the container; this works once it is started anew")
