// SPDX-License-Identifier: Apache-2.0
package dev.wayside.itests.container;

import java.lang.reflect.Proxy;
import org.osgi.framework.BundleContext;

/**
 * Stands on the host where a test in the container gets its {@link BundleContext}; using it is an
 * error.
 */
final class NoContext {
    static final BundleContext INSTANCE =
            (BundleContext)
                    Proxy.newProxyInstance(
                            NoContext.class.getClassLoader(),
                            new Class<?>[] {BundleContext.class},
                            (proxy, method, args) -> {
                                throw new IllegalStateException("not inside Felix");
                            });

    private NoContext() {}
}
