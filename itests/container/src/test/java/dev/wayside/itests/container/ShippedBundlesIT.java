// SPDX-License-Identifier: Apache-2.0
package dev.wayside.itests.container;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wayside.model.JsonObject;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.jar.JarFile;
import java.util.zip.ZipEntry;
import org.junit.jupiter.api.Test;

/** What lies in the assembled gateway, by the files themselves. */
class ShippedBundlesIT {
    private static final List<String> TOO_LARGE =
            List.of("com/fasterxml/jackson/databind/", "org/bouncycastle/");

    @Test
    void noSetLoadsDatabindOrBouncyCastleUnderAnyName() throws Exception {
        for (String set : List.of(Sets.DOCKER, Sets.PROCESS)) {
            assertThat(TestGateway.bundlesOf(List.of(set))).hasSizeGreaterThan(20);
            for (JsonObject bundle : TestGateway.bundlesOf(List.of(set))) {
                try (JarFile jar = new JarFile(TestGateway.file(bundle).toFile())) {
                    assertThat(jar.stream().map(ZipEntry::getName))
                            .as(bundle.text("id"))
                            .noneMatch(entry -> TOO_LARGE.stream().anyMatch(entry::contains));
                }
            }
        }
    }

    /** Each of ours holds its own packages alone, so nobody's private code lies in two places. */
    @Test
    void everyBundleOfOursHoldsItsOwnPackagesAlone() throws Exception {
        for (JsonObject bundle : TestGateway.bundlesOf(List.of(Sets.DOCKER, Sets.PROCESS))) {
            String name = bundle.text("id").split(":")[1];
            if (name.startsWith("dev.wayside.")) {
                assertThat(strangerIn(bundle, name.replace('.', '/') + "/")).as(name).isEmpty();
            }
        }
    }

    private static Optional<String> strangerIn(JsonObject bundle, String own) throws IOException {
        try (JarFile jar = new JarFile(TestGateway.file(bundle).toFile())) {
            return jar.stream()
                    .map(ZipEntry::getName)
                    .filter(entry -> entry.endsWith(".class") && !entry.startsWith(own))
                    .findFirst();
        }
    }
}
