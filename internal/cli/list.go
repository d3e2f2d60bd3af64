package cli

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/berthd/berth/internal/client"
)

// selection holds the options of list.
type selection struct {
	all, inactive                   bool
	running, paused, shutoff, other bool
	persistent, transient           bool
	filters                         map[string]*bool // by their names on the bus
	title, managedSave              bool
	name, uuid, id, table, json     bool
}

// listFilters are the filters that berthd has by the same names, with virsh's options.
func listFilters() []struct{ option, filter, about string } {
	return []struct{ option, filter, about string }{
		{"autostart", "autostart", "list containers that start with the host"},
		{"no-autostart", "no-autostart", "list containers that do not start with the host"},
		{"with-snapshot", "snapshot", "list containers with snapshots; Berth has none"},
		{"without-snapshot", "no-snapshot", "list containers without snapshots"},
		{"with-checkpoint", "checkpoint", "list containers with checkpoints; Berth has none"},
		{"without-checkpoint", "no-checkpoint", "list containers without checkpoints"},
		{"with-managed-save", "managed-save", "list containers with a managed save; Berth has none"},
		{"without-managed-save", "no-managed-save", "list containers without a managed save"},
	}
}

func (a *app) listCommand() *cobra.Command {
	var s selection
	cmd := &cobra.Command{Use: "list", Short: "List containers, by default the active ones", Args: noOperand}
	for _, f := range []struct {
		to          *bool
		name, about string
	}{
		{&s.all, "all", "list active and inactive containers"},
		{&s.inactive, "inactive", "list inactive containers"},
		{&s.running, "state-running", "list running containers"},
		{&s.paused, "state-paused", "list paused containers"},
		{&s.shutoff, "state-shutoff", "list containers that are shut off"},
		{&s.other, "state-other", "list containers that are starting or stopping"},
		{&s.persistent, "persistent", "list containers with a stored definition"},
		{&s.transient, "transient", "list containers without a stored definition"},
		{&s.uuid, "uuid", "print uuids only"},
		{&s.name, "name", "print names only"},
		{&s.id, "id", "print ids only"},
		{&s.table, "table", "print a table (default)"},
		{&s.json, "json", "print JSON"},
		{&s.title, "title", "print the titles, too"},
		{&s.managedSave, "managed-save", "mark containers with a managed save; Berth has none"},
	} {
		cmd.Flags().BoolVar(f.to, f.name, false, f.about)
	}
	s.filters = map[string]*bool{}
	for _, f := range listFilters() {
		s.filters[f.filter] = cmd.Flags().Bool(f.option, false, f.about)
	}
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		for _, column := range []string{"name", "uuid", "id"} {
			if err := exclusive(cmd, "table", "json", column); err != nil {
				return err
			}
		}
		if err := exclusive(cmd, "title", "json"); err != nil {
			return err
		}
		ctx := cmd.Context()
		d, err := a.connect(ctx)
		if err != nil {
			return err
		}
		defer func() { _ = d.Close() }()
		rows, titles, err := s.read(ctx, d)
		if err != nil {
			return err
		}
		return a.printList(rows, titles, s)
	}
	return cmd
}

// read asks for the containers and sorts them as virsh does: active ones by id, then the others by name.
func (s selection) read(ctx context.Context, d Daemon) (rows []client.Summary, titles map[client.Path]string, err error) {
	filter := client.Filter{Persistent: s.persistence(), Filters: s.given()}
	if s.title {
		rows, titles, err = titled(ctx, d, filter)
	} else {
		rows, err = d.List(ctx, filter)
	}
	if err != nil {
		return nil, nil, err
	}
	rows = slices.DeleteFunc(rows, func(row client.Summary) bool { return !s.shows(row.State) })
	slices.SortFunc(rows, func(a, b client.Summary) int {
		switch {
		case a.ID != 0 && b.ID != 0:
			return cmp.Compare(a.ID, b.ID)
		case a.ID != 0:
			return -1
		case b.ID != 0:
			return 1
		}
		return cmp.Or(cmp.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)), cmp.Compare(a.Name, b.Name))
	})
	return rows, titles, nil
}

// given returns the filters that berthd has.
func (s selection) given() (filters []string) {
	for _, f := range listFilters() {
		if on := s.filters[f.filter]; on != nil && *on {
			filters = append(filters, f.filter)
		}
	}
	return filters
}

// titled reads the containers with their titles.
func titled(ctx context.Context, d Daemon, filter client.Filter) (rows []client.Summary, titles map[client.Path]string, err error) {
	all, err := d.Describe(ctx, filter, "Name", "Id", "UUID", "State", "Title")
	titles = make(map[client.Path]string, len(all))
	for path, i := range all {
		rows = append(rows, client.Summary{Name: i.Name, ID: i.ID, UUID: i.UUID, State: i.State, Path: path})
		titles[path] = i.Title
	}
	return rows, titles, err
}

// persistence returns the filter of --persistent and --transient. Both together mean no filter.
func (s selection) persistence() *bool {
	if s.persistent == s.transient {
		return nil
	}
	return &s.persistent
}

// shows reports whether containers in a state are listed. An option such as --state-shutoff needs no
// --all or --inactive with it. --inactive still excludes active states.
func (s selection) shows(state string) bool {
	active := state != "shutoff"
	byState := s.running || s.paused || s.shutoff || s.other
	switch {
	case s.all:
	case s.inactive && active, !s.inactive && !byState && !active:
		return false
	}
	if !byState {
		return true
	}
	switch state {
	case "running":
		return s.running
	case "paused":
		return s.paused
	case "shutoff":
		return s.shutoff
	}
	return s.other
}

// listed is a row of list --json.
type listed struct {
	ID    *uint32 `json:"id"` // null if the container is shut off
	Name  string  `json:"name"`
	UUID  string  `json:"uuid"`
	State string  `json:"state"`
}

func (a *app) printList(rows []client.Summary, titles map[client.Path]string, s selection) error {
	switch {
	case s.json:
		out := make([]listed, len(rows))
		for i, row := range rows {
			out[i] = listed{unlessZero(row.ID), row.Name, row.UUID, row.State}
		}
		return a.printJSON(out)
	case s.name || s.uuid || s.id:
		a.printWords(rows, s)
		return nil
	}
	cells := make([][]string, len(rows))
	for i, row := range rows {
		cells[i] = []string{idText(row.ID), printable(row.Name), stateWord(row.State)}
		if s.title {
			cells[i] = append(cells[i], printable(titles[row.Path]))
		}
	}
	heading := []string{"Id", "Name", "State"}
	if s.title {
		heading = append(heading, "Title")
	}
	if a.quiet {
		a.printRows(cells)
	} else {
		a.printTable(heading, cells)
	}
	return nil
}

// printWords prints one container a line. Several columns are printed in virsh's order.
func (a *app) printWords(rows []client.Summary, s selection) {
	for _, row := range rows {
		var words []string
		if s.uuid {
			words = append(words, row.UUID)
		}
		if s.id {
			words = append(words, idText(row.ID))
		}
		if s.name {
			words = append(words, row.Name)
		}
		fmt.Fprintln(a.out, strings.Join(words, " "))
	}
}

func idText(id uint32) string {
	if id == 0 {
		return "-"
	}
	return strconv.FormatUint(uint64(id), 10)
}
