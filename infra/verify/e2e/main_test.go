package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// root is the path of the project's root folder, relative to this package.
const root = "../../.."

// concurrentFile deploys the recorder and the query function in a custom runtime, where a process
// handles several requests at the same time. By default, stacks run the functions of s.yaml.
const concurrentFile = "infra/operate/s.concurrent.yaml"

// built is a folder with the files that infra/local reads. Its subfolder .build holds the binaries.
// All stacks run in this folder.
var built string

func TestMain(m *testing.M) {
	if filepath.Base(os.Args[0]) == duckdbCommand {
		os.Exit(runDuckDB(os.Args[1:]))
	}
	os.Exit(run(m))
}

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "device-trace-e2e-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	if err := build(dir); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	built = dir
	return m.Run()
}

// build builds the binaries as `make build` does, but into the subfolder .build of dir. It does not
// use the project's own .build, because `make run` may be using that folder.
func build(dir string) error {
	for _, file := range []string{"s.yaml", concurrentFile, "infra/operate/bucket/lifecycle.xml"} {
		if err := copyFile(filepath.Join(root, file), filepath.Join(dir, file)); err != nil {
			return err
		}
	}
	for binary, source := range map[string]string{
		"recorder/recorder":   "./functions/recorder",
		"query/query":         "./functions/query",
		"compactor/compactor": "./functions/compactor",
		"local":               "./infra/local",
		"forwarder":           "./infra/operate/forwarder",
		"ops":                 "./infra/operate/ops",
	} {
		cmd := exec.Command("go", "build", "-trimpath", "-o", filepath.Join(dir, ".build", binary), source)
		cmd.Dir = root
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("build %s: %w\n%s", source, err, out)
		}
	}
	return nil
}

func copyFile(from, to string) error {
	data, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	return os.WriteFile(to, data, 0o644)
}
