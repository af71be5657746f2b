package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"
)

// run runs the system until the first signal, and then stops the system gracefully. A second signal
// kills the remaining processes. run prints the welcome text and its progress to out.
func run(s settings, signals <-chan os.Signal, out io.Writer) error {
	release, err := lockData(s)
	if err != nil {
		return err
	}
	defer release()
	listener, err := net.Listen("tcp", "127.0.0.1:"+s.port)
	if err != nil {
		return portError(err, s.port, "PORT")
	}
	cloud, err := openCloud(s)
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	system := &system{settings: s, cloud: cloud, listener: listener}
	stop, cancel := context.WithCancel(context.Background())
	defer cancel()
	if err := system.start(stop); err != nil {
		return errors.Join(err, system.close(stop))
	}
	fmt.Fprint(out, welcome(s, listener.Addr(), system.broker.Addr()))
	<-signals
	fmt.Fprintln(out, "\nStopping: delivering the broker's last events. Press Ctrl-C again to stop at once.")
	go func() {
		<-signals
		cancel()
	}()
	return system.close(stop)
}

// portError returns an error that names the environment variable for choosing another port.
func portError(err error, port, variable string) error {
	if errors.Is(err, syscall.EADDRINUSE) {
		return fmt.Errorf("port %s on 127.0.0.1 is in use: stop the program that uses it, or set %s to another port", port, variable)
	}
	return fmt.Errorf("listen on port %q of 127.0.0.1, set by %s: %w", port, variable, err)
}
