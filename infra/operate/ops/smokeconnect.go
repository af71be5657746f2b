package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"
)

// checkAddress refuses to send tokens unencrypted to another machine, unless allowClear is true.
func (s *smoke) checkAddress(context.Context) (string, error) {
	for _, one := range s.servers() {
		if strings.HasPrefix(one.base, "http:") && !isLoopback(one.base) && !s.allowClear {
			return "", fault{one.base + " uses http, so anyone on the network path could read the tokens",
				"use an https address; if there is none, deploy with a certificate. Only in a private network, add -clear"}
		}
	}
	var addresses []string
	for _, one := range s.servers() {
		addresses = append(addresses, one.base)
	}
	return strings.Join(addresses, ", query function at "), nil
}

// servers returns the recorder and, if it is at another address, the query function.
func (s *smoke) servers() []server {
	if s.query.base == s.recorder.base {
		return []server{s.recorder}
	}
	return []server{s.recorder, s.query}
}

// checkName looks up the host names of the servers.
func (s *smoke) checkName(ctx context.Context) (string, error) {
	var found []string
	for _, one := range s.servers() {
		host := one.host()
		if _, err := netip.ParseAddr(host); err == nil {
			found = append(found, host+" is an IP address")
			continue
		}
		if proxy := one.proxy(); proxy != "" {
			found = append(found, host+" is looked up by the proxy "+proxy)
			continue
		}
		addresses, err := net.DefaultResolver.LookupHost(ctx, host)
		if err != nil {
			return "", explainError(err, one)
		}
		found = append(found, host+" is "+strings.Join(addresses[:min(len(addresses), 3)], ", "))
	}
	return strings.Join(slices.Compact(found), "; "), nil
}

// checkConnection connects to the servers and checks their certificates.
func (s *smoke) checkConnection(ctx context.Context) (string, error) {
	var found []string
	for _, one := range s.servers() {
		what, err := s.connect(ctx, one)
		if err != nil {
			return "", explainError(err, one)
		}
		found = append(found, what)
	}
	return strings.Join(slices.Compact(found), "; "), nil
}

func (s *smoke) connect(ctx context.Context, one server) (string, error) {
	if proxy := one.proxy(); proxy != "" {
		return "through the proxy " + proxy, nil
	}
	if strings.HasPrefix(one.base, "http:") {
		conn, err := new(net.Dialer).DialContext(ctx, "tcp", one.hostPort())
		if err != nil {
			return "", err
		}
		return "connected, without TLS", conn.Close()
	}
	dialer := tls.Dialer{Config: &tls.Config{RootCAs: s.roots, ServerName: one.host()}}
	conn, err := dialer.DialContext(ctx, "tcp", one.hostPort())
	if err != nil {
		return "", err
	}
	defer conn.Close()
	until := conn.(*tls.Conn).ConnectionState().PeerCertificates[0].NotAfter
	if left := until.Sub(s.now()); left < 14*24*time.Hour {
		s.note("the certificate of %s expires in %s: renew it", one.host(), count(int(left/(24*time.Hour)), "day"))
	}
	return fmt.Sprintf("the certificate of %s is valid until %s", one.host(), until.UTC().Format(time.DateOnly)), nil
}

func (one server) url() *url.URL {
	target, err := url.Parse(one.base)
	if err != nil {
		panic(err) // newSmoke has checked that it parses
	}
	return target
}

func (one server) host() string { return one.url().Hostname() }

func (one server) hostPort() string {
	target := one.url()
	switch {
	case target.Port() != "":
		return target.Host
	case target.Scheme == "https":
		return net.JoinHostPort(target.Hostname(), "443")
	default:
		return net.JoinHostPort(target.Hostname(), "80")
	}
}

// proxy returns the host and port of the proxy that the environment variables set for requests to the
// server, or "" if there is none.
func (one server) proxy() string {
	proxy, err := http.ProxyFromEnvironment(&http.Request{URL: one.url()})
	if err != nil || proxy == nil {
		return ""
	}
	return proxy.Host
}
