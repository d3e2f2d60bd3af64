package domain

import (
	"bytes"
	"encoding/xml"
	"strings"
	"unicode"
)

// Parse reads a definition, checks it and fills in the defaults. It returns an *Error if the
// definition breaks a rule, and an *Errors if it has several mistakes.
func Parse(doc []byte) (*Def, error) {
	d, _, err := Read(doc)
	return d, err
}

// Read is Parse that also returns what has no effect, as WithoutEffect does.
func Read(doc []byte) (*Def, []Mention, error) {
	d, list, err := read(doc, notYetSupported())
	if err == nil {
		d.WithoutRun()
	}
	return d, list, err
}

// ParseRun reads the definition in the note of a run, with the names that the run has chosen for its devices.
func ParseRun(doc []byte) (*Def, error) { return parse(doc, notYetSupported()) }

// parse is Parse with the gate as an argument, so that tests can open it.
func parse(doc []byte, gate map[string]string) (*Def, error) {
	d, _, err := read(doc, gate)
	return d, err
}

func read(doc []byte, gate map[string]string) (*Def, []Mention, error) {
	w := newWalker(withoutMark(doc), gate)
	var x document
	err := xml.NewTokenDecoder(w).Decode(&x)
	w.rest()
	f := w.faults
	if err != nil && !w.broken {
		f.invalid("domain", "%v", err)
	}
	if w.broken || err != nil {
		return nil, nil, f.err()
	}
	d := &Def{}
	for _, part := range []func(*Def, *document, *faults){
		readIdentity, readMemory, readCPU, readBlockIO, readNUMA, readOS, readIDMap, readFeatures, readClock, readActions,
		readFilesystems, readInterfaces, readConsoles, readLabels, readShare, readExtension, rootCanBeMapped,
		readTimers, readDisks, readHostDevices, checkNICs, checkNodes,
	} {
		part(d, &x, f)
	}
	if len(f.list) == 0 {
		w.keep(d)
	}
	if x.Metadata != nil {
		var e *Error
		d.Metadata, e = selfContained(w.metadata, w.outer)
		f.add(e)
	}
	if len(f.list) == 0 && len(doc) > maxSize/8 { // a smaller one does not grow beyond the limit
		f.add(canBeStored(d))
	}
	if err := f.err(); err != nil {
		return nil, nil, err
	}
	return d, w.mentions, nil
}

// withoutMark returns a document without the mark of UTF-8 that some editors write.
func withoutMark(doc []byte) []byte { return bytes.TrimPrefix(doc, []byte("\uFEFF")) }

func readIdentity(d *Def, x *document, f *faults) {
	if x.Type != "lxc" {
		f.unsupported("domain@type", "the domain type is '%s'; Berth supports 'lxc' only", x.Type)
	}
	f.add(checkName(x.Name))
	d.Name, d.Description = x.Name, x.Description
	if x.UUID != "" {
		var err error
		if d.UUID, err = ParseUUID(x.UUID); err != nil {
			f.invalid("domain/uuid", "%v", err)
		}
	}
	if d.Title = x.Title; strings.ContainsAny(d.Title, "\r\n") {
		f.invalid("domain/title", "a title is a single line")
	}
	if x.Resource == nil {
		return
	}
	if x.Resource.FibreChannel != nil {
		d.AppID = x.Resource.FibreChannel.AppID
	}
	if d.Partition = x.Resource.Partition; d.Partition != "" || d.AppID == "" {
		f.add(checkPartition(d.Partition))
	}
}

// checkPartition returns an error if a partition is no path, or if systemd takes no slice for it.
func checkPartition(p string) *Error {
	const at = "domain/resource/partition"
	if !strings.HasPrefix(p, "/") || p == "/" {
		return unsupported(at, "'%s' is not an absolute path such as /machine", p)
	}
	if strings.ContainsFunc(p, unicode.IsControl) {
		return unsupported(at, "%.60q has control characters", p)
	}
	for part := range strings.SplitSeq(p[1:], "/") {
		switch part {
		case "":
			return unsupported(at, "'%.60s' has an empty part", p)
		case ".", "..":
			return unsupported(at, "'%.60s' has the part '%s'", p, part)
		}
	}
	return checkSlice(at, p)
}

func readActions(d *Def, x *document, f *faults) {
	for _, a := range []struct {
		element string
		text    string
		preset  Action
		to      *Action
		core    bool
	}{
		{"on_poweroff", x.OnPoweroff, ActionDestroy, &d.OnPoweroff, false},
		{"on_reboot", x.OnReboot, ActionRestart, &d.OnReboot, false},
		{"on_crash", x.OnCrash, ActionDestroy, &d.OnCrash, true},
	} {
		*a.to = a.preset
		if a.text == "" {
			continue
		}
		switch action := Action(a.text); action {
		case ActionDestroy, ActionRestart, ActionRenameRestart, ActionPreserve:
			*a.to = action
		case ActionCoredumpDestroy, ActionCoredumpRestart:
			if !a.core {
				f.unsupported("domain/"+a.element, "'%s' is possible for on_crash only", a.text)
			}
			*a.to = action
		default:
			f.unsupported("domain/"+a.element, "'%s' is unknown; known are destroy, restart, rename-restart, preserve", a.text)
		}
	}
}
