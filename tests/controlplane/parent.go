package main

import (
	"io"
	"os"
)

const (
	// parentPipe, when set, says that stdin is a pipe whose other end is held by the test
	// process: its end of file is that process's end, however it came about.
	parentPipe = "CONTROLPLANE_PARENT_PIPE"
	// scratchDir names the directory that nobody else can remove once the test process is gone.
	scratchDir = "CONTROLPLANE_SCRATCH_DIR"
)

// endWithParent ends this process as soon as the test process has ended.
func endWithParent() {
	if os.Getenv(parentPipe) == "" {
		return
	}
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		removeScratch(os.Getenv(scratchDir))
		os.Exit(0)
	}()
}

// removeScratch tries more than once: its sister processes may still write into dir while they
// remove it too, and whoever comes last finds nobody writing.
func removeScratch(dir string) {
	if dir == "" {
		return
	}
	for range 10 {
		if os.RemoveAll(dir) == nil {
			return
		}
	}
}
