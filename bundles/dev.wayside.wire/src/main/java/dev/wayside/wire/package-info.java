// SPDX-License-Identifier: Apache-2.0
/**
 * What both programs need to talk: keys and certificates, TLS 1.3, HTTP/1.1 and HTTP/2 on Netty
 * with bounded bodies and frames, and back-off. No rule about Kubernetes objects lives here.
 */
@NullMarked
@Export
@Version("1.0.0")
package dev.wayside.wire;

import org.jspecify.annotations.NullMarked;
import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
