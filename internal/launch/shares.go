package launch

import (
	"fmt"
	"os"

	"github.com/berthd/berth/internal/linux/namespace"
	"github.com/berthd/berth/internal/plan"
)

// shares opens the namespaces of others that init is born in, before anything is begun. Once they
// are open they live, whoever ends.
func shares(list []plan.Join) (files []*os.File, err error) {
	for _, j := range list {
		var f *os.File
		if j.NetNS != "" {
			f, err = namespace.Named(j.NetNS)
		} else {
			f, err = namespace.OfProcess(j.PID, namespace.Kind(j.Kind))
		}
		if err != nil {
			closeAll(files)
			return nil, fmt.Errorf("lxc:share%s: %w", j.Kind, err)
		}
		files = append(files, f)
	}
	return files, nil
}

func closeAll(files []*os.File) {
	for _, f := range files {
		_ = f.Close()
	}
}
