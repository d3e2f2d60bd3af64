// Package proto is what the benchmark says to its agent in a nest and hears back: one JSON value
// a line, one reply for each request, in order.
//
// The times are taken by the agent, beside the peers; the pipe between the two is never in them.
package proto

// Op says what the agent is to do.
type Op string

// The operations. All but Prepare ask for a peer that was prepared.
const (
	Prepare Op = "prepare" // make the peer and its containers 0 to Count-1 ready
	Start   Op = "start"   // start IDs with Callers callers, each waiting for its init
	Stop    Op = "stop"    // stop IDs with Callers callers
	Memory  Op = "memory"  // read the memory of the peer's processes
	Profile Op = "profile" // start one of IDs and note when others see it happen
)

// Request asks for one operation on one peer.
type Request struct {
	Op      Op     `json:"op"`
	Peer    string `json:"peer"`
	IDs     []int  `json:"ids,omitempty"`
	Callers int    `json:"callers,omitempty"`
	Count   int    `json:"count,omitempty"`
}

// Timing is one start or stop, in milliseconds after the call.
type Timing struct {
	ID       int     `json:"id"`
	Exec     float64 `json:"exec,omitempty"`     // init's first instruction
	Returned float64 `json:"returned,omitempty"` // the call came back; 0 when it stays in the foreground
}

// Process is the memory of the processes that run one program, medians in KiB.
type Process struct {
	Program      string  `json:"program"`
	Count        int     `json:"count"`
	RSS          float64 `json:"rss"`
	PSS          float64 `json:"pss"`
	PrivateDirty float64 `json:"private_dirty"`
	PrivateClean float64 `json:"private_clean"`
}

// Mark is something that was seen during a start, in milliseconds after the call.
type Mark struct {
	What string  `json:"what"`
	At   float64 `json:"at"`
}

// Reply answers one request. When Error is set the rest is what was done until then.
type Reply struct {
	Error     string    `json:"error,omitempty"`
	Version   string    `json:"version,omitempty"`
	Note      string    `json:"note,omitempty"`
	Wall      float64   `json:"wall,omitempty"` // of all IDs together: last init executed, or last stop returned
	Timings   []Timing  `json:"timings,omitempty"`
	Processes []Process `json:"processes,omitempty"`
	Marks     []Mark    `json:"marks,omitempty"`
}
