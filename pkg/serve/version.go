package serve

import (
	"runtime"
	"runtime/debug"
)

// version describes the source from which the running program was built.
type version struct {
	Function string `json:"function"` // the name that was passed to Main
	Version  string `json:"version"`  // of the module, as Go records it: "(devel)" or a pseudo-version
	Revision string `json:"revision"` // the commit; empty if the program was not built in a Git repository
	Modified bool   `json:"modified"` // whether files differed from the commit
	Go       string `json:"go"`       // the version of Go
}

// newVersion reads the version from the build information that the go command stores in each
// program.
func newVersion(function string) version {
	v := version{Function: function, Go: runtime.Version()}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return v
	}
	v.Version = info.Main.Version
	for _, setting := range info.Settings {
		switch setting.Key {
		case "vcs.revision":
			v.Revision = setting.Value
		case "vcs.modified":
			v.Modified = setting.Value == "true"
		}
	}
	return v
}
