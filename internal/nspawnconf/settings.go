package nspawnconf

import "github.com/berthd/berth/internal/domain"

// entry is what is done for one setting. Privileged ones count only in files that an administrator vouches for
// (systemd.nspawn(5)).
type entry struct {
	privileged bool
	take       func(*conversion, setting)
}

// settings has all settings of systemd.nspawn(5), up to systemd 257.
func settings() map[string]entry {
	all := map[string]entry{
		"Exec.Boot":                   {false, (*conversion).boot},
		"Exec.Parameters":             {false, (*conversion).parameters},
		"Exec.Environment":            {false, (*conversion).environment},
		"Exec.User":                   {false, func(c *conversion, s setting) { c.def.OS.User = s.value }},
		"Exec.WorkingDirectory":       {false, (*conversion).directory},
		"Exec.Capability":             {true, (*conversion).capability},
		"Exec.DropCapability":         {false, (*conversion).dropCapability},
		"Exec.NoNewPrivileges":        {false, (*conversion).noNewPrivileges},
		"Exec.KillSignal":             {false, (*conversion).killSignal},
		"Exec.Personality":            {false, (*conversion).personality},
		"Exec.MachineID":              {true, (*conversion).machineID},
		"Exec.PrivateUsers":           {true, (*conversion).privateUsers},
		"Exec.NotifyReady":            {false, (*conversion).notifyReady},
		"Exec.CPUAffinity":            {false, (*conversion).affinity},
		"Exec.Hostname":               {false, (*conversion).hostname},
		"Files.ReadOnly":              {false, (*conversion).readOnly},
		"Files.Volatile":              {false, (*conversion).volatile},
		"Files.Bind":                  {true, (*conversion).bind},
		"Files.BindReadOnly":          {true, (*conversion).bind},
		"Files.TemporaryFileSystem":   {true, (*conversion).temporary},
		"Files.PrivateUsersOwnership": {true, (*conversion).ownership},
		"Files.PrivateUsersChown":     {true, (*conversion).ownership}, // its name before systemd 249
		"Network.Private":             {true, (*conversion).private},
		"Network.VirtualEthernet":     {true, (*conversion).virtualEthernet},
		"Network.VirtualEthernetExtra": {true, func(c *conversion, s setting) {
			c.network.extra = append(c.network.extra, s)
		}},
		"Network.Interface": {true, (*conversion).hostInterface},
		"Network.MACVLAN":   {true, (*conversion).macvlan},
		"Network.IPVLAN":    {true, (*conversion).macvlan},
		"Network.Bridge":    {true, func(c *conversion, s setting) { c.network.bridge = s }},
		"Network.Zone":      {true, func(c *conversion, s setting) { c.network.zone = s }},
		"Network.Port":      {true, func(c *conversion, s setting) { c.network.ports = append(c.network.ports, s) }},
	}
	for _, name := range domain.RLimitNames() {
		all["Exec.Limit"+limitKey(name)] = entry{false, (*conversion).limit}
	}
	for key, reason := range reasons() {
		all[key] = entry{false, func(c *conversion, s setting) {
			if on, ok := boolean(s.value); ok && !on || s.value == "" {
				return // it is off, as it is here
			}
			c.warn(s, "%s", reason)
		}}
	}
	for _, key := range []string{"Exec.AmbientCapability", "Files.BindUser", "Files.Inaccessible", "Files.Overlay", "Files.OverlayReadOnly"} {
		e := all[key]
		e.privileged = true
		all[key] = e
	}
	return all
}

// reasons has what to say of settings without a counterpart. One that is off loses nothing.
func reasons() map[string]string {
	return map[string]string{
		"Exec.Ephemeral":               "the container would keep what it writes: Berth makes no snapshot of a root. Make one, and give it <readonly/>, or name a copy",
		"Exec.ProcessTwo":              "the program is the first process: there is no stub init. Have one in the image, such as tini, if the program does not wait for its children",
		"Exec.PivotRoot":               "the root is the whole tree: name the directory inside as the root of the container",
		"Exec.AmbientCapability":       "no ambient capabilities are set; init has those of <capabilities> if it is root's",
		"Exec.SystemCallFilter":        "the filter of system calls is Berth's own, see <berth:seccomp> in berth-xml(5)",
		"Exec.OOMScoreAdjust":          "Berth leaves the score of the OOM killer alone; <berth:protect> keeps memory for a container",
		"Exec.ResolvConf":              "the container keeps its own /etc/resolv.conf",
		"Exec.Timezone":                "the container keeps its own /etc/localtime",
		"Exec.LinkJournal":             "the journal of the container stays its own; journalctl --directory= reads it on the host",
		"Exec.SuppressSync":            "the container's syncs are carried out",
		"Files.BindUser":               "no user of the host is made known inside",
		"Files.Inaccessible":           "the path stays accessible: remove it from the tree, or hide it by a <filesystem type='ram'>",
		"Files.Overlay":                "Berth mounts no overlay: mount it on the host, and give the container its directory",
		"Files.OverlayReadOnly":        "Berth mounts no overlay: mount it on the host, and give the container its directory",
		"Network.NamespacePath":        "name the network namespace in <lxc:sharenet type='netns'>",
		"Exec.BindUserShell":           "no user of the host is made known inside",
		"Files.BindUserShell":          "no user of the host is made known inside",
		"Exec.RestrictAddressFamilies": "the filter of system calls is Berth's own, see <berth:seccomp> in berth-xml(5)",
	}
}
