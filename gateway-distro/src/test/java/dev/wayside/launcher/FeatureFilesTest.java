// SPDX-License-Identifier: Apache-2.0
package dev.wayside.launcher;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.osgi.service.feature.Feature;
import org.osgi.service.feature.FeatureBundle;
import org.osgi.service.feature.FeatureService;

/**
 * Every feature file is one by the standard: Felix's reader takes it, and reads in it what ours
 * reads.
 */
class FeatureFilesTest {
    static List<Path> files() throws IOException {
        try (Stream<Path> files = Files.list(Path.of("../features"))) {
            List<Path> features =
                    files.filter(file -> file.toString().endsWith(".json")).sorted().toList();
            assertThat(features).isNotEmpty();
            return features;
        }
    }

    @ParameterizedTest
    @MethodSource("files")
    void felixReadsTheSameBundles(Path file) throws IOException {
        String text = Files.readString(file).replace("${version}", "1.0.0");
        FeatureService felix = ServiceLoader.load(FeatureService.class).findFirst().orElseThrow();
        Feature feature = felix.readFeature(new StringReader(text));
        Map<String, Object> ours = JsonText.object(text);
        assertThat(feature.getID().toString()).isEqualTo(ours.get("id"));
        List<?> bundles = (List<?>) ours.get("bundles");
        assertThat(feature.getBundles())
                .extracting(bundle -> bundle.getID().toString())
                .isEqualTo(
                        bundles.stream()
                                .map(bundle -> JsonText.asObject(bundle).get("id"))
                                .toList());
        assertThat(feature.getBundles())
                .extracting(FeatureBundle::getMetadata)
                .allMatch(m -> m.containsKey("start-level"));
    }
}
