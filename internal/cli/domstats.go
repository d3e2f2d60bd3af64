package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/berthd/berth/internal/client"
	"github.com/berthd/berth/internal/figures"
)

// statsGroup is a group of statistics: an option of domstats.
type statsGroup struct {
	option, about string
	needs         figures.Group
	fields        func(*client.ContainerStats) []field // nil: containers have none
}

// statsGroups returns libvirt's groups in its order, and then ours.
func statsGroups() []statsGroup {
	return []statsGroup{
		{"state", "state and its reason", figures.State, stateFields},
		{"cpu-total", "time of processors, and how the quota was kept", figures.CPU, cpuFields},
		{"balloon", "memory in KiB, in libvirt's words", figures.Memory, balloonFields},
		{"vcpu", "virtual processors", figures.CPU, vcpuFields},
		{"interface", "network interfaces, as the container sees them", figures.Net, interfaceFields},
		{"block", "block devices", figures.IO, blockFields},
		{"perf", "nothing: containers have no such events", 0, nil},
		{"iothread", "nothing: containers have no such threads", 0, nil},
		{"memory", "memory in bytes, and how often its limits were met", figures.Memory, memoryFields},
		{"dirtyrate", "nothing: containers have no such rate", 0, nil},
		{"vm", "nothing: containers have no hypervisor", 0, nil},
		{"tasks", "processes and threads", figures.PIDs, taskFields},
		{"pressure", "how long processes waited for a resource", figures.Pressure, pressureFields},
	}
}

// statsRequest holds the options of domstats.
type statsRequest struct {
	groups  map[string]*bool
	lists   map[string]*bool
	enforce bool
	json    bool
}

func (a *app) domstatsCommand() *cobra.Command {
	r := statsRequest{groups: map[string]*bool{}, lists: map[string]*bool{}}
	var raw, backing, nowait bool
	cmd := &cobra.Command{
		Use: "domstats [DOMAIN]...", Short: "Print statistics of containers, by default all of all",
		ValidArgsFunction: a.completeDomain(fitting{}),
	}
	for _, g := range statsGroups() {
		r.groups[g.option] = cmd.Flags().Bool(g.option, false, "print "+g.about)
	}
	for _, l := range statsLists() {
		r.lists[l] = cmd.Flags().Bool("list-"+l, false, "only containers that are "+l)
	}
	cmd.Flags().BoolVar(&r.enforce, "enforce", false, "fail if containers have none of the statistics of an option")
	cmd.Flags().BoolVar(&raw, "raw", false, "print bare numbers, as always")
	cmd.Flags().BoolVar(&backing, "backing", false, "print backing files, which containers do not have")
	cmd.Flags().BoolVar(&nowait, "nowait", false, "do not wait for a container, as always")
	cmd.Flags().BoolVar(&r.json, "json", false, "print JSON")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		groups, err := r.chosen()
		if err != nil {
			return err
		}
		filter, err := r.filter(args)
		if err != nil {
			return err
		}
		for _, g := range groups {
			filter.Groups |= g.needs
		}
		ctx := cmd.Context()
		d, err := a.connect(ctx)
		if err != nil {
			return err
		}
		defer func() { _ = d.Close() }()
		list, err := statsOf(ctx, d, filter, args)
		if err != nil {
			return err
		}
		return a.printStats(list, groups, r.json)
	}
	return cmd
}

// chosen returns the groups that were asked for, all if none was.
func (r *statsRequest) chosen() ([]statsGroup, error) {
	var chosen []statsGroup
	for _, g := range statsGroups() {
		if !*r.groups[g.option] {
			continue
		}
		if r.enforce && g.fields == nil {
			return nil, fmt.Errorf("argument unsupported: containers have no statistics of --%s", g.option)
		}
		chosen = append(chosen, g)
	}
	if len(chosen) == 0 {
		return statsGroups(), nil
	}
	return chosen, nil
}

// statsLists returns which containers the --list options choose.
func statsLists() []string {
	return []string{"active", "inactive", "persistent", "transient", "running", "paused", "shutoff", "other"}
}

// filter returns the filter of the --list options. Each option adds containers to those of its kind (active and
// inactive, persistent and transient, states), and the kinds together take away, as in libvirt.
func (r *statsRequest) filter(domains []string) (f client.StatsFilter, err error) {
	on := func(list string) bool { return *r.lists[list] }
	for _, l := range statsLists() {
		if on(l) && len(domains) > 0 {
			return f, fmt.Errorf("option --list-%s and domains are mutually exclusive", l)
		}
	}
	if on("persistent") != on("transient") {
		f.Persistent = r.lists["persistent"]
	}
	byState := on("running") || on("paused") || on("shutoff") || on("other")
	byActivity := on("active") != on("inactive")
	if !byState && !byActivity {
		return f, nil
	}
	f.States = []string{}
	for _, s := range []struct{ state, list string }{
		{"running", "running"}, {"paused", "paused"}, {"shutoff", "shutoff"}, {"starting", "other"}, {"stopping", "other"},
	} {
		active := s.state != "shutoff"
		if (!byState || on(s.list)) && (!byActivity || on("active") == active) {
			f.States = append(f.States, s.state)
		}
	}
	return f, nil
}

// statsOf returns the statistics of the containers that are named, in that order, or of all that the filter lets
// through.
func statsOf(ctx context.Context, d Daemon, filter client.StatsFilter, domains []string) ([]client.ContainerStats, error) {
	for _, given := range domains {
		t, err := find(ctx, d, given, nameUUIDOrID)
		if err != nil {
			return nil, err
		}
		filter.Containers = append(filter.Containers, t.path)
	}
	list, err := d.AllStats(ctx, filter)
	if err != nil || len(domains) == 0 {
		return list, err
	}
	byPath := map[client.Path]client.ContainerStats{}
	for _, s := range list {
		byPath[s.Path] = s
	}
	named := make([]client.ContainerStats, len(domains))
	for i, path := range filter.Containers {
		s, ok := byPath[path]
		if !ok {
			return nil, &noDomainError{given: domains[i]}
		}
		named[i] = s
	}
	return named, nil
}

// statistics is a container in domstats --json.
type statistics struct {
	Name  string         `json:"name"`
	UUID  string         `json:"uuid"`
	Stats map[string]any `json:"stats"`
}

func (a *app) printStats(list []client.ContainerStats, groups []statsGroup, asJSON bool) error {
	out := []statistics{}
	for i := range list {
		s := &list[i]
		var fields []field
		for _, g := range groups {
			if g.fields != nil {
				fields = append(fields, g.fields(s)...)
			}
		}
		if !asJSON {
			a.printFields(i == 0, s.Name, fields)
		}
		row := statistics{s.Name, s.UUID, map[string]any{}}
		for _, f := range fields {
			row.Stats[f.name] = f.value
		}
		out = append(out, row)
	}
	if asJSON {
		return a.printJSON(out)
	}
	return nil
}

// printFields prints the statistics of one container, after an empty line if it is not the first one.
func (a *app) printFields(first bool, domain string, fields []field) {
	if !first {
		fmt.Fprintln(a.out)
	}
	fmt.Fprintf(a.out, "Domain: '%s'\n", printable(domain))
	for _, f := range fields {
		if text, ok := f.value.(string); ok {
			f.value = printable(text)
		}
		fmt.Fprintf(a.out, "  %s=%v\n", f.name, f.value)
	}
}
