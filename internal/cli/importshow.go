package cli

import (
	"fmt"

	"github.com/berthd/berth/internal/moving"
)

// jsonImported is the output of import --json.
type jsonImported struct {
	Containers []jsonImport `json:"containers"`
	Networks   []jsonImport `json:"networks"`
	Warnings   []jsonLost   `json:"warnings"` // about the whole
}

type jsonImport struct {
	Name      string     `json:"name"`
	File      string     `json:"file"`
	Verdict   string     `json:"verdict"`
	Reason    *string    `json:"reason"`
	Autostart bool       `json:"autostart"`
	Running   bool       `json:"running"`
	Warnings  []jsonLost `json:"warnings"`
	Changes   []string   `json:"changes"`
	Then      []string   `json:"then"`
	Imported  bool       `json:"imported"`
	Error     *string    `json:"error"`
}

func importedJSON(plan *moving.Plan, results map[*moving.Item]error) jsonImported {
	out := jsonImported{[]jsonImport{}, []jsonImport{}, lostJSON(plan.Warnings)}
	for _, i := range plan.Items {
		err, done := results[i]
		row := jsonImport{
			i.Name, i.File, string(i.Verdict), unlessZero(i.Reason), i.Autostart, i.Running, lostJSON(i.Warnings), append([]string{}, i.Changes...),
			append([]string{}, i.Then...), done && err == nil, nil,
		}
		if err != nil {
			row.Error = unlessZero(err.Error())
		}
		if i.Network {
			out.Networks = append(out.Networks, row)
		} else {
			out.Containers = append(out.Containers, row)
		}
	}
	return out
}

func lostJSON(list []moving.Warning) []jsonLost {
	out := make([]jsonLost, len(list))
	for n, w := range list {
		out[n] = jsonLost{w.File, unlessZero(uint32(w.Line)), w.Text}
	}
	return out
}

// show prints what an import does.
func (i *importing) show(plan *moving.Plan) {
	for _, item := range plan.Items {
		fmt.Fprintf(i.out, "%s '%s' from %s: %s\n", kindOf(item), printable(item.Name), printable(item.File), printable(verdictOf(item)))
		for _, w := range item.Warnings {
			i.showWarning("    ", w)
		}
		for _, line := range item.Changes {
			fmt.Fprintf(i.out, "    %s\n", printable(line))
		}
		for _, text := range item.Then {
			fmt.Fprintf(i.out, "    note: %s\n", printable(text))
		}
	}
	for _, w := range plan.Warnings {
		i.showWarning("", w)
	}
}

func (i *importing) showWarning(indent string, w moving.Warning) {
	where := w.File
	if w.Line > 0 {
		where = fmt.Sprintf("%s:%d", w.File, w.Line)
	}
	fmt.Fprintf(i.out, "%swarning: %s: %s\n", indent, printable(where), printable(w.Text))
}

// verdictOf says what becomes of an item.
func verdictOf(i *moving.Item) string {
	text := map[moving.Verdict]string{
		moving.New: "new", moving.Same: "is there already, the same", moving.Differs: "is there already, and differs; it stays as it is, --replace takes this one",
		moving.Replaced: "is there already, and is replaced", moving.Kept: "stays libvirt's", moving.Conflict: "cannot be imported", moving.Impossible: "cannot be imported",
	}[i.Verdict]
	if i.Made() && i.Autostart {
		text += ", starts with the host"
	}
	if i.Reason != "" {
		text += ": " + i.Reason
	}
	return text
}

// showThen prints once more what the user has to do now.
func (i *importing) showThen(plan *moving.Plan, done map[*moving.Item]bool) {
	first := true
	for _, item := range plan.Items {
		for _, text := range item.Then {
			if !done[item] {
				continue
			}
			if first {
				i.say("\nTo do now:")
				first = false
			}
			i.say("    %s '%s': %s", kindOf(item), printable(item.Name), printable(text))
		}
	}
}
