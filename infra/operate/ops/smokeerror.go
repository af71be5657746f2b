package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"strings"
	"syscall"
	"time"
)

// explainError returns the fault for a name look-up, a connection or a request that failed with err.
func explainError(err error, at server) error {
	host := at.hostPort()
	var lookup *net.DNSError
	var record tls.RecordHeaderError
	switch {
	case errors.As(err, &lookup) && lookup.IsNotFound:
		return fault{"the DNS has no address for " + at.host(), "check the spelling. For your own domain, add the CNAME record that Function Compute shows for the custom domain, and wait until DNS resolvers return it"}
	case errors.As(err, &lookup):
		return fault{"the DNS look-up of " + at.host() + " failed", "check this machine's network connection and DNS resolver"}
	case errors.As(err, new(*tls.CertificateVerificationError)), isCertificate(err):
		return explainCertificate(err, at)
	case errors.As(err, &record), strings.Contains(err.Error(), "server gave HTTP response to HTTPS client"):
		return fault{host + " does not speak TLS", "deploy with PROTOCOL=HTTPS and a certificate (infra/operate/README.md), or check the port"}
	case errors.Is(err, syscall.ECONNREFUSED):
		return fault{"nothing listens on " + host, "check the address and the port. If you meant this machine, start `make run`"}
	case isTimeout(err):
		return fault{at.name + " did not respond in time", "check the address and the firewalls. If the request reached the function, its log on Function Compute shows where it got stuck"}
	case errors.Is(err, syscall.ENETUNREACH), errors.Is(err, syscall.EHOSTUNREACH):
		return fault{host + " cannot be reached from this network", "check this machine's network connection and the firewalls"}
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return fault{host + " closed the connection without a response", "try again. In mainland China, check that the domain has an ICP filing, because connections to a domain without one are closed"}
	default:
		return fault{"the request to " + host + " failed: " + causeOf(err), "check the address: it may belong to another server"}
	}
}

// causeOf returns the text of a request's error without the URL, which may contain identifiers.
func causeOf(err error) string {
	var request *url.Error
	if errors.As(err, &request) {
		err = request.Err
	}
	return clean(err.Error())
}

func isTimeout(err error) bool {
	var network net.Error
	return errors.Is(err, context.DeadlineExceeded) || errors.As(err, &network) && network.Timeout()
}

func isCertificate(err error) bool {
	return errors.As(err, new(x509.UnknownAuthorityError)) || errors.As(err, new(x509.HostnameError)) || errors.As(err, new(x509.CertificateInvalidError))
}

// explainCertificate returns the fault for a certificate that is not valid.
func explainCertificate(err error, at server) error {
	var name x509.HostnameError
	var authority x509.UnknownAuthorityError
	var invalid x509.CertificateInvalidError
	switch {
	case errors.As(err, &name):
		return fault{"the certificate is not for " + at.host() + ", but for " + namesOf(name.Certificate),
			"deploy with the certificate of this domain (CERT_NAME), or use the name in the certificate"}
	case errors.As(err, &authority):
		return fault{"the certificate of " + at.host() + " is signed by an authority that this machine does not trust",
			"deploy with a certificate from a public authority, including its whole chain. To trust a private authority, add its certificate to this machine's trust store, or on Linux set SSL_CERT_FILE to the certificate's file"}
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return explainDates(invalid.Cert, at)
	default:
		return fault{"the certificate of " + at.host() + " is not valid: " + clean(err.Error()), "deploy with another certificate"}
	}
}

// explainDates returns the fault for a certificate that is not valid now.
func explainDates(certificate *x509.Certificate, at server) error {
	if time.Now().Before(certificate.NotBefore) {
		return fault{fmt.Sprintf("the certificate of %s is valid only from %s", at.host(), certificate.NotBefore.UTC().Format(time.RFC3339)),
			"check this machine's clock"}
	}
	return fault{fmt.Sprintf("the certificate of %s expired on %s", at.host(), certificate.NotAfter.UTC().Format(time.RFC3339)),
		"renew the certificate and deploy again. If that date has not come yet, correct this machine's clock"}
}

func namesOf(certificate *x509.Certificate) string {
	names := certificate.DNSNames
	for _, ip := range certificate.IPAddresses {
		names = append(names, ip.String())
	}
	if len(names) == 0 {
		return "no name"
	}
	return clean(strings.Join(names[:min(len(names), 5)], ", "))
}
