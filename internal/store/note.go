package store

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"strings"

	"github.com/berthd/berth/service"
)

// encode returns a run as a note. It includes the fields that only a newer daemon knows.
func encode(run service.Run) ([]byte, error) {
	text, err := json.Marshal(run)
	if err != nil || len(run.Others) == 0 {
		return text, err
	}
	all := maps.Clone(run.Others)
	if err := json.Unmarshal(text, &all); err != nil {
		return nil, err
	}
	return json.Marshal(all)
}

// decode reads a note of any version: a new version only adds fields. It returns an error if the note is
// damaged or its state is unknown.
func decode(text []byte) (service.Run, error) {
	var run service.Run
	if err := json.Unmarshal(text, &run); err != nil {
		return service.Run{}, err
	}
	if !run.State.Known() {
		return service.Run{}, fmt.Errorf("the state %q is unknown", run.State)
	}
	all := map[string]json.RawMessage{}
	if err := json.Unmarshal(text, &all); err != nil {
		return service.Run{}, err
	}
	for field := range reflect.TypeFor[service.Run]().Fields() {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		delete(all, name)
	}
	if len(all) > 0 {
		run.Others = all
	}
	return run, nil
}
