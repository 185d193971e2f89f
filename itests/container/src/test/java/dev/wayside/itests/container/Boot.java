// SPDX-License-Identifier: Apache-2.0
package dev.wayside.itests.container;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.namespace.PackageNamespace;
import org.osgi.framework.wiring.BundleWire;
import org.osgi.framework.wiring.BundleWiring;

/** What holds of each set after it has started, its bundles in random order. */
@ExtendWith(InsideFelix.class)
abstract class Boot {
    private static final List<String> LOW =
            List.of("dev.wayside.model", "dev.wayside.wire", "dev.wayside.api");

    @Test
    void everyBundleAndComponentComesUp(BundleContext context) throws Exception {
        RunningGateway gateway = new RunningGateway(context);
        gateway.awaitUp();
        assertThat(gateway.own()).hasSizeGreaterThanOrEqualTo(4);
        for (Bundle bundle : gateway.own()) {
            assertThat(bundle.getHeaders().get("Service-Component"))
                    .as(bundle.getSymbolicName())
                    .isNotNull();
        }
    }

    /** Each package of ours that is imported comes from a low floor, by a range of versions. */
    @Test
    void bundlesSeeTheLowFloorsAlone(BundleContext context) throws Exception {
        RunningGateway gateway = new RunningGateway(context);
        gateway.awaitUp();
        for (Bundle bundle : gateway.own()) {
            Map<String, String> providers = new TreeMap<>();
            for (BundleWire wire :
                    bundle.adapt(BundleWiring.class)
                            .getRequiredWires(PackageNamespace.PACKAGE_NAMESPACE)) {
                String name =
                        (String)
                                wire.getCapability()
                                        .getAttributes()
                                        .get(PackageNamespace.PACKAGE_NAMESPACE);
                if (name.startsWith("dev.wayside.")) {
                    providers.put(name, wire.getProvider().getSymbolicName());
                    assertThat(wire.getRequirement().getDirectives().get("filter"))
                            .as(bundle.getSymbolicName() + " imports " + name)
                            .contains("(version>=1.")
                            .contains("(!(version>=");
                }
            }
            assertThat(providers).as(bundle.getSymbolicName()).isNotEmpty();
            assertThat(LOW).as(bundle.getSymbolicName()).containsAll(providers.values());
        }
    }

    @Test
    void onlyTheLowFloorsOfferPackages(BundleContext context) {
        RunningGateway gateway = new RunningGateway(context);
        for (String low : LOW) {
            assertThat(packages(gateway.bundle(low)))
                    .as(low)
                    .isNotEmpty()
                    .allMatch(name -> name.equals(low) || name.startsWith(low + "."));
        }
        for (Bundle bundle : gateway.own()) {
            assertThat(packages(bundle)).as(bundle.getSymbolicName()).isEmpty();
        }
    }

    @Test
    void thePluggableLogIsAFragmentThatIsAttached(BundleContext context) {
        Bundle logging = new RunningGateway(context).bundle("dev.wayside.logging");
        assertThat(logging.getState()).isEqualTo(Bundle.RESOLVED);
        assertThat(
                        Arrays.stream(context.getBundles())
                                .filter(it -> "slf4j.api".equals(it.getSymbolicName()))
                                .map(it -> it.adapt(BundleWiring.class))
                                .flatMap(it -> it.getProvidedWires("osgi.wiring.host").stream())
                                .map(it -> it.getRequirer().getSymbolicName()))
                .containsExactly("dev.wayside.logging");
    }

    private static List<String> packages(Bundle bundle) {
        return bundle
                .adapt(BundleWiring.class)
                .getCapabilities(PackageNamespace.PACKAGE_NAMESPACE)
                .stream()
                .map(it -> (String) it.getAttributes().get(PackageNamespace.PACKAGE_NAMESPACE))
                .toList();
    }
}
