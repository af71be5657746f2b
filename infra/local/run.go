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
	if err := s.validate(); err != nil {
		return err
	}
	release, err := lockData(s)
	if err != nil {
		return err
	}
	defer release()
	listener, err := net.Listen("tcp", net.JoinHostPort(s.host, s.port))
	if err != nil {
		return portError(err, s.host, s.port, "PORT")
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
	fmt.Fprint(out, welcome(s, portOf(listener.Addr().String()), portOf(system.broker.Addr())))
	<-signals
	fmt.Fprintln(out, "\nStopping: delivering the broker's last events. Press Ctrl-C again to stop at once.")
	go func() {
		<-signals
		cancel()
	}()
	return system.close(stop)
}

// portError returns an error that names the environment variable for choosing another port.
func portError(err error, host, port, variable string) error {
	if errors.Is(err, syscall.EADDRINUSE) {
		return fmt.Errorf("port %s on %s is in use: stop the program that uses it, or set %s to another port", port, host, variable)
	}
	return fmt.Errorf("listen on port %q of %s, set by %s: %w", port, host, variable, err)
}
