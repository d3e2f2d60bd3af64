package service

// operation is one operation on a container.
type operation string

const (
	opStart    operation = "start"
	opAdopt    operation = "adopt"
	opCreate   operation = "create"
	opDestroy  operation = "destroy"
	opShutdown operation = "shutdown"
	opReboot   operation = "reboot"
	opReset    operation = "reset"
	opRename   operation = "rename"
	opSuspend  operation = "suspend"
	opResume   operation = "resume"
	opStats    operation = "stats"
	opConsole  operation = "console"
	opExec     operation = "exec"
	opSignal   operation = "signal"
	opOpen     operation = "open"
	opTune     operation = "change the limits"
	opPlug     operation = "change the devices"
	opDescribe operation = "change the metadata"
	opLook     operation = "look inside"
	opUnshift  operation = "take the root back to plain owners"
)

// verdict says whether a state allows an operation.
type verdict int

const (
	refuse  verdict = iota // return a StateError
	proceed                // carry it out
	already                // do nothing and report success
)

// lifecycle returns the verdict on an operation in a state. A state without an entry refuses. No
// operation ever meets StateStarting: the start has the container locked.
func lifecycle(op operation, s State) verdict {
	return map[operation]map[State]verdict{
		opStart:    {StateShutoff: proceed},
		opAdopt:    {StateRunning: proceed, StatePaused: proceed},
		opCreate:   {StateShutoff: proceed},
		opDestroy:  {StateRunning: proceed, StatePaused: proceed, StateStopping: proceed},
		opShutdown: {StateRunning: proceed, StateStopping: already},
		opReboot:   {StateRunning: proceed},
		opRename:   {StateShutoff: proceed},
		opUnshift:  {StateShutoff: proceed},
		opReset:    {StateRunning: proceed, StatePaused: proceed},
		opSuspend:  {StateRunning: proceed, StatePaused: already},
		opResume:   {StatePaused: proceed},
		opStats:    {StateRunning: proceed, StatePaused: proceed, StateStopping: proceed},
		opConsole:  {StateRunning: proceed, StatePaused: proceed, StateStopping: proceed},
		opExec:     {StateRunning: proceed},
		opSignal:   {StateRunning: proceed, StatePaused: proceed},
		opOpen:     {StateRunning: proceed, StatePaused: proceed},
		opLook:     {StateRunning: proceed, StatePaused: proceed},
		opTune:     {StateRunning: proceed, StatePaused: proceed},
		opPlug:     {StateRunning: proceed, StatePaused: proceed},
		opDescribe: {StateRunning: proceed, StatePaused: proceed},
	}[op][s]
}

// allow checks an operation against a container's state. skip means success with nothing to do. It
// returns a StateError if the state does not allow the operation.
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
