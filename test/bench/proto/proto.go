// Package proto is the protocol between the benchmark and its agent in a nest: one JSON value a line,
// and one reply to each request, in order.
//
// The agent takes the times, beside the peers. They never include the pipe between the two.
package proto

import "time"

// Op is an operation of the agent.
type Op string

// The operations. All but Prepare need a peer that is prepared.
const (
	Prepare Op = "prepare" // make the peer and its containers 0 to Count-1 ready
	Start   Op = "start"   // start IDs with Callers callers, each waiting for its init
	Stop    Op = "stop"    // stop IDs with Callers callers
	Again   Op = "again"   // stop the first of IDs, wait for Pause, start the second; Wall is from the stop's call to init
	Exec    Op = "exec"    // execute a command in each of IDs with Callers callers
	Figures Op = "figures" // read all figures of IDs, which run, Count times
	Memory  Op = "memory"  // read the memory of the peer's processes
	Profile Op = "profile" // start the one of IDs, and note when its steps are seen from outside
)

// Request asks for one operation on one peer.
type Request struct {
	Op      Op     `json:"op"`
	Peer    string `json:"peer"`
	IDs     []int  `json:"ids,omitempty"`
	Callers int    `json:"callers,omitempty"`
	Count   int    `json:"count,omitempty"`

	Pause time.Duration `json:"pause,omitempty"`
}

// Timing is one start, stop or command. Its times are in milliseconds after the call.
type Timing struct {
	ID       int     `json:"id"`
	Called   int64   `json:"called"`             // when the call was made, in CLOCK_MONOTONIC nanoseconds
	Exec     float64 `json:"exec,omitempty"`     // init's first instruction
	Returned float64 `json:"returned,omitempty"` // the call returned; 0 if the peer stays in the foreground
}

// Process is the memory of the processes that run one program: medians, in KiB.
type Process struct {
	Program      string  `json:"program"`
	Count        int     `json:"count"`
	RSS          float64 `json:"rss"`
	PSS          float64 `json:"pss"`
	PrivateDirty float64 `json:"private_dirty"`
	PrivateClean float64 `json:"private_clean"`
}

// Mark is a step of a start that was seen from outside, and its time in milliseconds after the call.
type Mark struct {
	What string  `json:"what"`
	At   float64 `json:"at"`
}

// Reply answers one request. If Error is set, the other fields hold the part that was done.
type Reply struct {
	Error     string    `json:"error,omitempty"`
	Version   string    `json:"version,omitempty"`
	Note      string    `json:"note,omitempty"`
	Executes  bool      `json:"executes,omitempty"` // the peer can execute commands
	Used      []float64 `json:"used,omitempty"`     // milliseconds of processors that the peer's daemon used for one call, on average
	Wall      float64   `json:"wall,omitempty"`     // until the last init has run, or the last stop has returned
	Timings   []Timing  `json:"timings,omitempty"`
	Processes []Process `json:"processes,omitempty"`
	Marks     []Mark    `json:"marks,omitempty"`
}
