package domain

// refusedExtensions are of the elements that are Berth's own.
func refusedExtensions() []refusal {
	const ext = "domain/berth:container/berth:"
	return []refusal{
		{extensionXML("<idmap mode='manual'/>"), InvalidXML, ext + "idmap@mode"},
		{extensionXML("<idmap/>"), InvalidXML, ext + "idmap@mode"},
		{extensionXML("<idmap mode='auto' base='0'/>"), InvalidXML, ext + "idmap@base"},
		{extensionXML("<idmap mode='auto'/><idmap mode='auto'/>"), InvalidXML, ext + "idmap[2]"},
		{extensionXML("<seccomp profile='x'/>"), InvalidXML, ext + "seccomp@profile"},
		{extensionXML("<seccomp/>"), InvalidXML, ext + "seccomp@profile"},
		{extensionXML("<seccomp profile='Default'/>"), InvalidXML, ext + "seccomp@profile"},
		{extensionXML("<seccomp profile='default' log='yes'/>"), InvalidXML, ext + "seccomp@log"},
		{extensionXML("<seccomp profile='none'/><seccomp profile='default'/>"), InvalidXML, ext + "seccomp[2]"},
		{extensionXML("<seccomp profile='default'><allow/></seccomp>"), InvalidXML, ext + "seccomp/berth:allow"},
		{extensionXML("<no_new_privs value='no'/>"), InvalidXML, ext + "no_new_privs@value"},
		{extensionXML("<no_new_privs/><no_new_privs/>"), InvalidXML, ext + "no_new_privs[2]"},
		{extensionXML("<no_new_privs>no</no_new_privs>"), InvalidXML, ext + "no_new_privs"},
		{extensionXML("<shutdown/>"), InvalidXML, ext + "shutdown@signal"},
		{extensionXML("<shutdown timeout='0'/>"), InvalidXML, ext + "shutdown@timeout"},
		{extensionXML("<shutdown timeout='86401'/>"), InvalidXML, ext + "shutdown@timeout"},
		{extensionXML("<shutdown timeout='1.5'/>"), InvalidXML, ext + "shutdown@timeout"},
		{extensionXML("<shutdown timeout='-1' signal='SIGTERM'/>"), InvalidXML, ext + "shutdown@timeout"},
		{extensionXML("<shutdown timeout='3' signal='TERM'/>"), InvalidXML, ext + "shutdown@signal"},
		{extensionXML("<shutdown signal='TERM'/>"), InvalidXML, ext + "shutdown@signal"},
		{extensionXML("<shutdown signal='SIGKILL'/>"), InvalidXML, ext + "shutdown@signal"},
		{extensionXML("<shutdown signal='SIGRTMIN+31'/>"), InvalidXML, ext + "shutdown@signal"},
		{extensionXML("<journal/>"), InvalidXML, ext + "journal@console"},
		{extensionXML("<journal console='1'/>"), InvalidXML, ext + "journal@console"},
		{extensionXML("<journal console='x'/>"), InvalidXML, ext + "journal@console"},
		{extensionXML("<journal console='0'/><journal console='64'/>"), InvalidXML, ext + "journal[2]@console"},
		{extensionXML("<notify/><notify/>"), InvalidXML, ext + "notify[2]"},
		{extensionXML("<notify access='all'/>"), InvalidXML, ext + "notify@access"},
		{extensionXML("<nosuch/>"), InvalidXML, ext + "nosuch"},
	}
}
