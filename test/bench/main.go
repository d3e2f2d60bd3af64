package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"github.com/berthd/berth/test/bench/agent"
	"github.com/berthd/berth/test/bench/labels"
	"github.com/berthd/berth/test/bench/report"
	"github.com/berthd/berth/test/bench/virsh"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	child, err := labels.Child(ctx, os.Stdout)
	switch {
	case child:
	case len(os.Args) == 2 && os.Args[1] == "agent":
		err = agent.Run(ctx, os.Stdin, os.Stdout)
	case len(os.Args) == 3 && os.Args[1] == "virsh":
		err = virsh.Inside(ctx, os.Args[2], os.Stdout)
	default:
		err = run(ctx, os.Args[1:])
	}
	if ctx.Err() != nil {
		err = errors.New("interrupted")
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		stop()
		os.Exit(1)
	}
}

// options is the command line.
type options struct {
	runs     int
	many     int
	peers    []string
	profile  bool
	trace    bool
	install  bool
	labels   bool
	virsh    bool
	jsonPath string

	favorDynMods bool
	nest         string
	state        string
}

func parse(args []string) (options, error) {
	var o options
	var peerList string
	var quick, berthOnly bool
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.IntVar(&o.runs, "runs", 30, "number of warm and of cold starts of each peer")
	flags.IntVar(&o.many, "many", 100, "number of containers that are started together")
	flags.StringVar(&peerList, "peers", "", "only these peers, separated by commas: "+strings.Join(peerNames(), ","))
	flags.BoolVar(&quick, "quick", false, "5 runs and 20 containers, to see that it works")
	flags.BoolVar(&berthOnly, "berth-only", false, "only Berth, with its profile")
	flags.BoolVar(&o.profile, "profile", false, "also show the steps of a start, by the signals on the bus")
	flags.BoolVar(&o.trace, "trace", false, "also show where starts and stops are, by the kernel's tracing of all processes")
	flags.BoolVar(&o.labels, "labels", false, "only give a tree of 10,000 files labels, beside chcon")
	flags.BoolVar(&o.virsh, "virsh", false, "only what clients of libvirt wait for: virsh list of 1,000 containers, and info calls, beside libvirtd")
	flags.BoolVar(&o.favorDynMods, "favordynmods", false, "also measure Berth with cgroup2's favordynmods, which all of the machine gets meanwhile;\n"+
		"from Linux 6.18 on a part of that stays until the machine is restarted, and cold starts stay fast")
	flags.BoolVar(&o.install, "install", true, "install missing Debian packages")
	flags.StringVar(&o.jsonPath, "json", "", "write every sample to this `file`")
	flags.StringVar(&o.nest, "nest", "test/rig/nest", "the nest rig's `script`")
	flags.StringVar(&o.state, "state", "/run/berth-bench", "`directory` of the nests' state")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	if quick {
		o.runs, o.many = 5, 20
	}
	o.peers = peerNames()
	if berthOnly {
		o.peers, o.profile = []string{"berth", report.WithUserNamespace, report.WithVeth, "berthctl"}, true
	}
	if peerList != "" {
		o.peers = strings.Split(peerList, ",")
	}
	return o, o.check(flags.Args())
}

func (o options) check(rest []string) error {
	switch {
	case len(rest) > 0:
		return fmt.Errorf("unexpected argument %q", rest[0])
	case o.runs < 1:
		return fmt.Errorf("runs %d: must be at least 1", o.runs)
	case o.many < 2 || o.many > 200:
		// Each systemd-nspawn holds one of the 256 bus connections that a user may have.
		return fmt.Errorf("many %d: must be 2 to 200", o.many)
	}
	for _, each := range o.peers {
		if !slices.Contains(peerNames(), each) {
			return fmt.Errorf("peer %q: not one of %s", each, strings.Join(peerNames(), ", "))
		}
	}
	return nil
}
