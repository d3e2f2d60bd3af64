// Package report holds the measurements of the benchmark, and prints them: a table for each kind of
// measurement, and the list of targets. It is pure, except for the writer that it prints to.
package report

import (
	"cmp"
	"slices"

	"github.com/berthd/berth/test/bench/proto"
	"github.com/berthd/berth/test/bench/stats"
)

// Ours is the peer with which all others are compared.
const Ours = "berth"

// WithUserNamespace is Ours with a user namespace for each container. It is compared with Ours.
const WithUserNamespace = "berth-userns"

// WithVeth is Ours with a veth on a bridge for each container. It is compared with Ours.
const WithVeth = "berth-veth"

// WithDynMods is Ours with cgroup2's option favordynmods. Its cold starts are compared with its own warm ones.
const WithDynMods = "berth-dynmods"

// TopLook is what berthctl top asks for.
const TopLook = "berth-top"

// Floor is the peer that does only what cannot be done without.
const Floor = "floor"

// OursInSystemd is Ours in a container with systemd as init. It is compared with SystemdRun and MachinectlShell there.
const (
	OursInSystemd   = "berth@systemd"
	SystemdRun      = "systemd-run"
	MachinectlShell = "machinectl-shell"
)

// Report holds all measurements of one run. Times are in milliseconds.
type Report struct {
	Machine Machine  `json:"machine"`
	Peers   []Peer   `json:"peers"`
	Warm    []Series `json:"start_warm"`
	Cold    []Series `json:"start_cold"`
	After12 []Series `json:"start_12ms_after_stop"`
	After30 []Series `json:"start_30ms_after_stop"`
	Restart []Series `json:"restart"`
	Stop    []Series `json:"stop"`
	Exec    []Series `json:"exec"`
	Inside  []Series `json:"exec_systemd"` // in a container with systemd
	Answer  []Series `json:"socket_answer"`
	Figures []Series `json:"figures"` // of so many containers:

	FiguresOf int `json:"figures_of"`

	Many     []Many    `json:"many"`
	Memory   []Memory  `json:"memory"`
	Profiles []Profile `json:"profiles,omitempty"`
	Traces   []Profile `json:"traces,omitempty"`
	Virsh    *Virsh    `json:"virsh,omitempty"`
}

// Machine describes the machine on which the benchmark ran.
type Machine struct {
	CPU     string `json:"cpu"`
	Cores   int    `json:"cores"`
	Kernel  string `json:"kernel"`
	Systemd string `json:"systemd"`
	Before  string `json:"load_before"` // load averages
	After   string `json:"load_after"`
}

// Peer describes one peer, or says why it was not measured.
type Peer struct {
	Name    string `json:"name"`
	Version string `json:"version,omitempty"`
	Note    string `json:"note,omitempty"`
	Problem string `json:"problem,omitempty"` // the reason why it was not measured to the end
}

// Series is one kind of measurement of one peer.
type Series struct {
	Peer     string    `json:"peer"`
	Samples  []float64 `json:"samples"`
	Returned []float64 `json:"returned,omitempty"` // when the call of a start returned
	First    []float64 `json:"first,omitempty"`    // the first command in a container; Samples has the second
	Used     []float64 `json:"used,omitempty"`     // what the daemon used of processors for one call, on average
	Client   []float64 `json:"client,omitempty"`   // what a client's process used of processors
}

// Many is the start and then the stop of many containers.
type Many struct {
	Peer    string  `json:"peer"`
	Count   int     `json:"count"`
	Callers int     `json:"callers"`
	Start   float64 `json:"start"`
	Stop    float64 `json:"stop"`
	First   float64 `json:"first,omitempty"` // median start of the first tenth of them
	Last    float64 `json:"last,omitempty"`  // the same of the last tenth, beside all others
}

// Spread sets how long the first tenth of the starts took, and the last. Callers that start at the same time disturb
// each other, so it is for one caller only.
func (m *Many) Spread(starts []float64) {
	if tenth := len(starts) / 10; tenth > 0 {
		m.First, m.Last = stats.Median(starts[:tenth]), stats.Median(starts[len(starts)-tenth:])
	}
}

// Rate returns the starts per second.
func (m Many) Rate() float64 { return float64(m.Count) / m.Start * 1000 }

// Whole returns the containers per second that were started and stopped.
func (m Many) Whole() float64 { return float64(m.Count) / (m.Start + m.Stop) * 1000 }

// Memory is one program's memory at one moment.
type Memory struct {
	Peer    string        `json:"peer"`
	Running int           `json:"running"` // containers at that moment
	Moment  string        `json:"moment"`
	Process proto.Process `json:"process"`
}

// Profile says when the steps of a peer's starts or stops were seen.
type Profile struct {
	Title string        `json:"title"`
	Peer  string        `json:"peer"`
	Marks []ProfileMark `json:"marks"`
}

// ProfileMark is one step and its times in all starts.
type ProfileMark struct {
	What    string    `json:"what"`
	Samples []float64 `json:"samples"`
}

// Add adds the mark of one start.
func (p *Profile) Add(mark proto.Mark) {
	for i := range p.Marks {
		if p.Marks[i].What == mark.What {
			p.Marks[i].Samples = append(p.Marks[i].Samples, mark.At)
			return
		}
	}
	p.Marks = append(p.Marks, ProfileMark{What: mark.What, Samples: []float64{mark.At}})
}

// Sort sorts the marks by their median times.
func (p *Profile) Sort() {
	slices.SortStableFunc(p.Marks, func(a, b ProfileMark) int {
		return cmp.Compare(stats.Median(a.Samples), stats.Median(b.Samples))
	})
}

// median returns the 50th percentile of a peer's series, or NaN if there is none.
func median(all []Series, peer string) float64 {
	for _, s := range all {
		if s.Peer == peer {
			return stats.Median(s.Samples)
		}
	}
	return stats.Median(nil)
}

// many returns a peer's start of many containers with that number of callers. It returns false if there
// is none.
func (r *Report) many(peer string, callers int) (Many, bool) {
	for _, m := range r.Many {
		if m.Peer == peer && m.Callers == callers {
			return m, true
		}
	}
	return Many{}, false
}
