package main

import (
	"log"
	"os"
	"os/exec"
	"testing"
)

// repository is the path of a folder that is laid out like this repository but contains trivial
// functions. The end-to-end tests run the real functions.
var repository string

func TestMain(m *testing.M) {
	os.Exit(withRepository(m.Run))
}

func withRepository(work func() int) int {
	folder, err := os.MkdirTemp("", "local-test")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(folder)
	repository = folder
	for _, command := range []string{
		"cp ../../s.yaml " + folder,
		"mkdir -p " + folder + "/infra/operate && cp -r ../operate/bucket ../operate/s.concurrent.yaml " + folder + "/infra/operate/",
		// The test binary of package fc can run as a function, so it stands in for all three
		// functions.
		"mkdir -p " + folder + "/.build/recorder && go test -c -o " + folder + "/.build/recorder/recorder ./fc",
		"cd " + folder + "/.build && mkdir query compactor && cp recorder/recorder query/query && cp recorder/recorder compactor/compactor",
	} {
		if output, err := exec.Command("sh", "-c", command).CombinedOutput(); err != nil {
			log.Fatalf("%s: %v\n%s", command, err, output)
		}
	}
	return work()
}
