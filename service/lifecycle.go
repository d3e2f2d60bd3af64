package service

// operation is what a caller asks of one container.
type operation string

const (
	opStart   operation = "start"
	opDestroy operation = "destroy"
	opSuspend operation = "suspend"
	opResume  operation = "resume"
)

// verdict is what the life cycle says to an operation.
type verdict int

const (
	refuse  verdict = iota // a StateError
	proceed                // do it
	already                // nothing is to be done, and that is success
)

// lifecycle is the whole table: what each operation meets in each state. "starting" is seen only
// by a reader: whoever starts holds the container's queue.
//
//	            shutoff   starting  running   paused    stopping
//	start       proceed   refuse    refuse    refuse    refuse
//	destroy     refuse    refuse    proceed   proceed   proceed
//	suspend     refuse    refuse    proceed   already   refuse
//	resume      refuse    refuse    refuse    proceed   refuse
func lifecycle(op operation, s State) verdict {
	switch op {
	case opStart:
		if s == StateShutoff {
			return proceed
		}
	case opDestroy:
		if s == StateRunning || s == StatePaused || s == StateStopping {
			return proceed
		}
	case opSuspend:
		switch s {
		case StateRunning:
			return proceed
		case StatePaused:
			return already
		}
	case opResume:
		if s == StatePaused {
			return proceed
		}
	}
	return refuse
}
