package service

// operation is what a caller asks of one container.
type operation string

const (
	opStart   operation = "start"
	opCreate  operation = "create"
	opDestroy operation = "destroy"
	opSuspend operation = "suspend"
	opResume  operation = "resume"
	opStats   operation = "stats"
)

// verdict is what the life cycle says to an operation.
type verdict int

const (
	refuse  verdict = iota // a StateError
	proceed                // do it
	already                // nothing is to be done, and that is success
)

// lifecycle is the whole table: what each operation meets in each state. A state that is missing
// refuses. "starting" is seen only by a reader: whoever starts has the container locked.
func lifecycle(op operation, s State) verdict {
	return map[operation]map[State]verdict{
		opStart:   {StateShutoff: proceed},
		opCreate:  {StateShutoff: proceed},
		opDestroy: {StateRunning: proceed, StatePaused: proceed, StateStopping: proceed},
		opSuspend: {StateRunning: proceed, StatePaused: already},
		opResume:  {StatePaused: proceed},
		opStats:   {StateRunning: proceed, StatePaused: proceed, StateStopping: proceed},
	}[op][s]
}

// allow says whether an operation goes on in a container's state; skip says that it has nothing to do. A
// StateError refuses.
func allow(op operation, snap *Snapshot) (skip bool, err error) {
	switch lifecycle(op, snap.State) {
	case proceed:
		return false, nil
	case already:
		return true, nil
	case refuse:
	}
	kind := NotNow
	switch {
	case snap.State == StateShutoff:
		kind = NotRunning
	case op == opStart || op == opCreate:
		kind = AlreadyRunning
	}
	return false, &StateError{Kind: kind, Op: string(op), Name: snap.Name, State: snap.State}
}
